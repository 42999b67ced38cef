# symgrid_flags: how every C file of the project is compiled.
#
# Floating point must give the same bits from every compiler and option set (replay depends on it):
# contraction is off, and nothing here or in a preset may add -ffast-math or its relatives.
add_library(symgrid_flags INTERFACE)

set(warnings -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wcast-qual -Wwrite-strings -Wformat=2
    -Wundef)
# clang 14 reports every INFINITY and NAN as a float made double, which is exact; gcc looks through
# those macros, so it alone watches for promotions.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND warnings -Wdouble-promotion)
endif()
if(SYMGRID_WERROR)
    list(APPEND warnings -Werror)
endif()
target_compile_options(symgrid_flags INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-ffp-contract=off> "$<$<COMPILE_LANGUAGE:C>:${warnings}>")
target_compile_definitions(symgrid_flags INTERFACE
    $<$<COMPILE_LANGUAGE:C>:_GNU_SOURCE>
    $<$<COMPILE_LANGUAGE:C>:SYMGRID_VERSION=\"${PROJECT_VERSION}\">)

string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type)
if("${CMAKE_C_FLAGS} ${CMAKE_C_FLAGS_${build_type}}" MATCHES "-ffast-math|-Ofast|-funsafe-math")
    message(FATAL_ERROR "Unsafe floating-point options would break bit-exact replay; remove them")
endif()

# Sanitizers and coverage counters go to everything that is compiled and to everything that links.
set(SYMGRID_INSTRUMENTED OFF)
if(SYMGRID_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "SYMGRID_FUZZ needs clang: cmake --preset fuzz")
    endif()
    set(SYMGRID_INSTRUMENTED ON)
    target_compile_options(symgrid_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(symgrid_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SYMGRID_SANITIZE)
    set(SYMGRID_INSTRUMENTED ON)
    set(sanitize -fsanitize=${SYMGRID_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(symgrid_flags INTERFACE ${sanitize})
    target_link_options(symgrid_flags INTERFACE ${sanitize})
endif()
if(SYMGRID_COVERAGE)
    set(SYMGRID_INSTRUMENTED ON)
    target_compile_options(symgrid_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:--coverage>)
    target_link_options(symgrid_flags INTERFACE --coverage)
endif()

if(SYMGRID_HARDEN AND NOT SYMGRID_INSTRUMENTED)
    target_compile_options(symgrid_flags INTERFACE
        $<$<COMPILE_LANGUAGE:C>:-fstack-protector-strong>)
    if(CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo|MinSizeRel)$"
        AND NOT CMAKE_C_FLAGS MATCHES "_FORTIFY_SOURCE")
        target_compile_options(symgrid_flags INTERFACE
            "$<$<COMPILE_LANGUAGE:C>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
    endif()
    target_link_options(symgrid_flags INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()
target_link_options(symgrid_flags INTERFACE -Wl,--as-needed)
