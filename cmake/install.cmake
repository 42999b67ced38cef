# What `make install` puts where. DESTDIR and CMAKE_INSTALL_PREFIX (PREFIX in the Makefile) apply.
set(share ${CMAKE_INSTALL_DATADIR}/symgrid)

install(TARGETS symgrid_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET symgrid_shared)
    install(TARGETS symgrid_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
if(TARGET symgrid)
    install(TARGETS symgrid RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/symgrid DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")

# Static linking needs everything behind the library, dynamic linking nothing.
list(JOIN SYMGRID_PKGCONFIG_REQUIRES ", " pc_requires)
configure_file(packaging/symgrid.pc.in symgrid.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/symgrid.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

configure_file(packaging/symgrid.service.in symgrid.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/symgrid.service DESTINATION lib/systemd/system)

configure_file(packaging/symgrid.1.in symgrid.1 @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/symgrid.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES packaging/symgrid.bash RENAME symgrid
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# Sites name their series relative to themselves, so both folders keep their places.
foreach(folder sites data)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${folder})
        install(DIRECTORY ${folder} DESTINATION ${share} PATTERN ".*" EXCLUDE)
    endif()
endforeach()
