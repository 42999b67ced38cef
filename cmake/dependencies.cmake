# symgrid_dependencies: the libraries that libsymgrid stands on, all found by pkg-config.
find_package(PkgConfig REQUIRED)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

add_library(symgrid_dependencies INTERFACE)
set(SYMGRID_PKGCONFIG_REQUIRES yaml-0.1 libmicrohttpd gnutls jansson sqlite3)
set(missing)
foreach(module IN LISTS SYMGRID_PKGCONFIG_REQUIRES)
    string(MAKE_C_IDENTIFIER "dep_${module}" prefix)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
    if(${prefix}_FOUND)
        target_link_libraries(symgrid_dependencies INTERFACE PkgConfig::${prefix})
        message(STATUS "Found ${module} ${${prefix}_VERSION}")
    else()
        list(APPEND missing ${module})
    endif()
endforeach()

# Clp's pkg-config file also lists what its C++ libraries use (LAPACK, bzip2). Those come along as
# dependencies of libClp.so itself; the C interface needs libClp alone.
pkg_check_modules(dep_clp QUIET clp)
if(dep_clp_FOUND)
    find_library(SYMGRID_CLP_LIBRARY Clp HINTS ${dep_clp_LIBRARY_DIRS} REQUIRED)
    target_include_directories(symgrid_dependencies SYSTEM INTERFACE ${dep_clp_INCLUDE_DIRS})
    target_link_libraries(symgrid_dependencies INTERFACE ${SYMGRID_CLP_LIBRARY})
    message(STATUS "Found clp ${dep_clp_VERSION}")
else()
    list(APPEND missing clp)
endif()

# libcurl is loaded at run time, by `symgrid run --webhook` alone (src/host/webhook.c), as starting with it takes half as long
# again: only its headers are needed here.
pkg_check_modules(dep_curl QUIET libcurl)
if(dep_curl_FOUND)
    target_include_directories(symgrid_dependencies SYSTEM INTERFACE ${dep_curl_INCLUDE_DIRS})
    message(STATUS "Found libcurl ${dep_curl_VERSION}")
else()
    list(APPEND missing libcurl)
endif()

if(missing)
    list(JOIN missing ", " missing)
    message(FATAL_ERROR "Not found by pkg-config: ${missing}. On Debian: tools/deps.sh build")
endif()
target_link_libraries(symgrid_dependencies INTERFACE Threads::Threads m ${CMAKE_DL_LIBS})
