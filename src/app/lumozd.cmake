# SPDX-License-Identifier: Apache-2.0
# lumozd: the service inside the confidential VM.
add_library(lumoz_lumozd STATIC
    lumozd/collateral_service.cpp
    lumozd/daemon.cpp
    lumozd/daemon_keys.cpp
    lumozd/engine_choice.cpp
    lumozd/from_env.cpp
    lumozd/hosted_model.cpp
    lumozd/io_threads.cpp
    lumozd/key_rotation.cpp
    lumozd/model_host.cpp
    lumozd/read_config.cpp
    lumozd/reload.cpp
    lumozd/sd_notify.cpp
    lumozd/store_choice.cpp
    lumozd/tls_front.cpp
    lumozd/weights_job.cpp)
target_link_libraries(lumoz_lumozd PUBLIC lumoz_flags lumoz_collateral lumoz_gateway)
target_compile_definitions(lumoz_lumozd PRIVATE LUMOZ_VERSION="${PROJECT_VERSION}")
lumoz_program(lumozd SOURCES lumozd/main.cpp LIBS lumoz_lumozd)
target_compile_definitions(lumozd PRIVATE LUMOZ_VERSION="${PROJECT_VERSION}")
lumoz_test(lumozd
    SOURCES
        lumozd/engine_choice_test.cpp
        lumozd/from_env_test.cpp
        lumozd/key_rotation_test.cpp
        lumozd/read_config_test.cpp
        lumozd/sd_notify_test.cpp
        lumozd/tls_front_test.cpp
        lumozd/weights_job_test.cpp
    LIBS lumoz_lumozd)
