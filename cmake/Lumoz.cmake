# SPDX-License-Identifier: Apache-2.0
# Functions every folder's CMakeLists.txt uses. Which folder may use which is stated here once and held by tests/tree.

set(LUMOZ_DEPS_base "")
set(LUMOZ_DEPS_crypto base)
set(LUMOZ_DEPS_evidence base crypto)
set(LUMOZ_DEPS_verify base crypto evidence)
set(LUMOZ_DEPS_receipt base crypto)
set(LUMOZ_DEPS_tee base crypto evidence)
set(LUMOZ_DEPS_net base crypto)
set(LUMOZ_DEPS_collateral base crypto evidence verify net)
set(LUMOZ_DEPS_identity base crypto evidence tee)
set(LUMOZ_DEPS_engine base crypto net)
set(LUMOZ_DEPS_store base crypto receipt)
set(LUMOZ_DEPS_translate base)
set(LUMOZ_DEPS_gateway base crypto evidence verify receipt tee net collateral identity engine store translate)

add_library(lumoz_flags INTERFACE)
target_include_directories(lumoz_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(lumoz_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
    -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=build)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(lumoz_flags INTERFACE -Wthread-safety)
    target_link_options(lumoz_flags INTERFACE -fuse-ld=lld-19)
endif()
if(LUMOZ_SANITIZE)
    target_compile_options(lumoz_flags INTERFACE -fsanitize=${LUMOZ_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(lumoz_flags INTERFACE -fsanitize=${LUMOZ_SANITIZE})
endif()
if(LUMOZ_FUZZ)
    # Coverage in the libraries under test: without it libFuzzer mutates blindly.
    target_compile_options(lumoz_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(lumoz_flags INTERFACE
        -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -fstack-protector-strong
        -fstack-clash-protection -fcf-protection -ffunction-sections -fdata-sections)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        target_compile_options(lumoz_flags INTERFACE -ftrivial-auto-var-init=zero)
    endif()
    # What a program does not use is not in it: the verifier's library holds no signing.
    target_link_options(lumoz_flags INTERFACE -Wl,-z,relro,-z,now -Wl,--build-id=sha1 -Wl,--gc-sections)
endif()

# Adds a folder if it has content by now.
function(lumoz_add_layer dir)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${dir}/CMakeLists.txt)
        add_subdirectory(${dir})
    endif()
endfunction()

# lumoz_library(NAME SOURCES a.cpp… [LIBS external…]): static library lumoz_NAME with the allowed layers below it.
function(lumoz_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
    add_library(lumoz_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(lumoz_${name} PUBLIC lumoz_flags ${ARG_LIBS})
    if(LUMOZ_MUTANTS AND name MATCHES "^(verify|evidence)$")
        lumoz_mutate(${name})
    endif()
    foreach(dep ${LUMOZ_DEPS_${name}})
        if(TARGET lumoz_${dep})
            target_link_libraries(lumoz_${name} PUBLIC lumoz_${dep})
        endif()
    endforeach()
endfunction()

# lumoz_mutate(NAME): the library is compiled from the mutated copy of its sources that tests/mutation wrote.
function(lumoz_mutate name)
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        message(FATAL_ERROR "LUMOZ_MUTANTS is for the preset mutants: a release has no mutants")
    endif()
    set(mutated ${PROJECT_SOURCE_DIR}/tests/mutation/mutant.cpp)
    foreach(source ${ARG_SOURCES})
        if(EXISTS ${LUMOZ_MUTANTS}/${name}/${source})
            list(APPEND mutated ${LUMOZ_MUTANTS}/${name}/${source})
        else()
            list(APPEND mutated ${source})
        endif()
    endforeach()
    if(NOT name STREQUAL "evidence")
        list(POP_FRONT mutated)
    endif()
    set_target_properties(lumoz_${name} PROPERTIES SOURCES "${mutated}")
    target_include_directories(lumoz_${name} BEFORE PRIVATE ${LUMOZ_MUTANTS} ${PROJECT_SOURCE_DIR}/tests/mutation)
    # A mutated condition leaves code that warnings are right about; an access outside of a container must end the run.
    target_compile_options(lumoz_${name} PRIVATE -w)
    target_compile_definitions(lumoz_${name} PRIVATE _GLIBCXX_ASSERTIONS)
endfunction()

# lumoz_test(NAME SOURCES a_test.cpp… LIBS lumoz_x…): one GoogleTest binary per folder, its cases listed by ctest.
function(lumoz_test name)
    if(NOT LUMOZ_TESTS)
        return()
    endif()
    cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
    add_executable(${name}_test ${ARG_SOURCES})
    target_link_libraries(${name}_test PRIVATE lumoz_flags ${ARG_LIBS} GTest::gtest GTest::gtest_main)
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    add_test(NAME ${name}_test COMMAND ${name}_test)
endfunction()

# lumoz_program(NAME SOURCES … LIBS …): a program in bin/.
function(lumoz_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE lumoz_flags ${ARG_LIBS})
endfunction()

# lumoz_fuzz(NAME SOURCE x_fuzz.cpp LIBS …): with LUMOZ_FUZZ a libFuzzer target, else a program that replays
# the files named on its command line, so that the corpus runs in the normal test suite.
function(lumoz_fuzz name)
    cmake_parse_arguments(ARG "" "SOURCE" "LIBS" ${ARGN})
    if(LUMOZ_FUZZ)
        add_executable(${name}_fuzz ${ARG_SOURCE})
        target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name}_corpus COMMAND ${name}_fuzz -runs=0 ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
    else()
        add_executable(${name}_fuzz ${ARG_SOURCE} ${PROJECT_SOURCE_DIR}/fuzz/replay_main.cpp)
        add_test(NAME ${name}_corpus COMMAND ${name}_fuzz ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
    endif()
    target_link_libraries(${name}_fuzz PRIVATE lumoz_flags ${ARG_LIBS})
    set_target_properties(${name}_fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
endfunction()
