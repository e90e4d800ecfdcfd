# SPDX-License-Identifier: Apache-2.0
# lumozd: the service inside the confidential VM.
add_library(lumoz_lumozd STATIC
    lumozd/collateral_service.cpp
    lumozd/daemon.cpp
    lumozd/engine_choice.cpp
    lumozd/io_threads.cpp
    lumozd/read_config.cpp
    lumozd/reload.cpp
    lumozd/sd_notify.cpp
    lumozd/store_choice.cpp)
target_link_libraries(lumoz_lumozd PUBLIC lumoz_flags lumoz_collateral lumoz_gateway)
target_compile_definitions(lumoz_lumozd PRIVATE LUMOZ_VERSION="${PROJECT_VERSION}")
lumoz_program(lumozd SOURCES lumozd/main.cpp LIBS lumoz_lumozd)
target_compile_definitions(lumozd PRIVATE LUMOZ_VERSION="${PROJECT_VERSION}")
lumoz_test(lumozd SOURCES lumozd/read_config_test.cpp lumozd/sd_notify_test.cpp LIBS lumoz_lumozd)
