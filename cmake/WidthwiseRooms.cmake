# widthwise_room(NAME [DEPENDS room...] [LINK library...]): core/NAME becomes the static library core_NAME, which may call
# only the rooms it names. tests/arch checks the same edges at the level of #include.
function(widthwise_room name)
    cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
    if(NOT sources)
        return()
    endif()
    add_library(core_${name} STATIC ${sources})
    target_link_libraries(core_${name} PUBLIC widthwise_options Threads::Threads)
    foreach(room IN LISTS ARG_DEPENDS)
        if(TARGET core_${room})
            target_link_libraries(core_${name} PUBLIC core_${room})
        endif()
    endforeach()
    target_link_libraries(core_${name} PRIVATE ${ARG_LINK})
    target_precompile_headers(core_${name} PRIVATE <algorithm> <cstdint> <functional> <map> <memory> <optional>
        <span> <string> <string_view> <unordered_map> <variant> <vector> <tl/expected.hpp>)
    target_link_libraries(widthwise_core INTERFACE core_${name})
endfunction()

# widthwise_test_headers(NAME library...): what tests that link these libraries include most, compiled once. Tests in the
# folder of the caller take it as HEADERS.
function(widthwise_test_headers name)
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp CONTENT "")
    add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE widthwise_options Qt6::Test ${ARGN})
    target_precompile_headers(${name} PRIVATE <QtTest> <algorithm> <cstdint> <filesystem> <functional> <map> <memory>
        <optional> <span> <string> <vector> <tl/expected.hpp>)
endfunction()

# widthwise_test(SOURCE [LINK library...] [LABELS label...] [HEADERS name]): one small Qt Test binary, named after its
# file, whose last line includes NAME.moc. (Called by hand, moc is one step a test; AUTOMOC would be five.)
function(widthwise_test source)
    cmake_parse_arguments(ARG "" "HEADERS" "LINK;LABELS" ${ARGN})
    get_filename_component(name ${source} NAME_WE)
    set(moc ${CMAKE_CURRENT_BINARY_DIR}/moc/${name}.moc)
    add_custom_command(OUTPUT ${moc} COMMAND Qt6::moc -o ${moc} ${CMAKE_CURRENT_SOURCE_DIR}/${source}
        DEPENDS ${source} COMMENT "moc ${name}")
    add_executable(${name} ${source} ${moc})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/moc)
    target_link_libraries(${name} PRIVATE widthwise_options widthwise_test_support Qt6::Test ${ARG_LINK})
    if(ARG_HEADERS)
        target_precompile_headers(${name} REUSE_FROM ${ARG_HEADERS})
    endif()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "QT_QPA_PLATFORM=offscreen" LABELS "${ARG_LABELS}")
endfunction()
