# What `make install` puts where. DESTDIR and CMAKE_INSTALL_PREFIX (PREFIX in the Makefile) apply.
set(share ${CMAKE_INSTALL_DATADIR}/symgrid)

install(TARGETS symgrid_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET symgrid_shared)
    install(TARGETS symgrid_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET symgrid)
    install(TARGETS symgrid RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(TARGETS symgrid-agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(CODE "
    set(source_dir \"${PROJECT_SOURCE_DIR}\")
    set(staging_dir \"${PROJECT_BINARY_DIR}/include\")
    cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_PREFIX OUTPUT_VARIABLE include_dir)
    cmake_path(APPEND include_dir \"${CMAKE_INSTALL_INCLUDEDIR}\" symgrid)
    include(\"${PROJECT_SOURCE_DIR}/cmake/install_headers.cmake\")")

# Who links the archive needs the libraries behind it by name. Theirs come along by themselves, being
# shared; Requires.private would ask for the development packages of all of those too. Folders are
# relative to the prefix, so that the file may be moved with the tree.
set(pc_libs)
foreach(module IN LISTS SYMGRID_PKGCONFIG_REQUIRES)
    string(MAKE_C_IDENTIFIER "dep_${module}" module)
    list(APPEND pc_libs ${${module}_LDFLAGS})
endforeach()
list(REMOVE_ITEM pc_libs -L/usr/lib -L/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
list(JOIN pc_libs " " pc_libs)
foreach(folder LIBDIR INCLUDEDIR)
    set(pc_${folder} ${CMAKE_INSTALL_${folder}})
    if(NOT IS_ABSOLUTE ${pc_${folder}})
        string(PREPEND pc_${folder} "\${prefix}/")
    endif()
endforeach()
configure_file(packaging/symgrid.pc.in symgrid.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/symgrid.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

foreach(program symgrid symgrid-agent)
    configure_file(packaging/${program}.service.in ${program}.service @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${program}.service DESTINATION lib/systemd/system)
    configure_file(packaging/${program}.1.in ${program}.1 @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${program}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endforeach()
install(FILES packaging/symgrid-agent.sysusers RENAME symgrid-agent.conf DESTINATION lib/sysusers.d)
install(FILES packaging/symgrid.bash RENAME symgrid
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES packaging/prometheus/symgrid.rules.yml DESTINATION ${share}/prometheus)
install(FILES packaging/grafana/symgrid.json DESTINATION ${share}/grafana)
install(FILES LICENSE README.md CONTRIBUTING.md ARCHITECTURE.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN ".*" EXCLUDE)

# Sites name their series relative to themselves, so both folders keep their places.
foreach(folder sites data)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${folder})
        install(DIRECTORY ${folder} DESTINATION ${share} PATTERN ".*" EXCLUDE)
    endif()
endforeach()
