# davit_room(NAME SOURCES ... [DEPS rooms ...] [LINK libraries ...])
#   One library target a room, `davit_NAME`, alias davit::NAME. DEPS are rooms, and are the room's whole dependency
#   table: a room sees the public headers of no other. LINK are third-party libraries, private to the room.
# davit_room_test(NAME SOURCES ... [DEPS rooms ...] [LINK ...] [LABELS ...] [RESOURCE_LOCK ...])
#   A GoogleTest binary `davit_NAME_test`. Labels: unit (default), golden, scenario, root, network.
# Sanitized programs are slower: every limit of a test, CTest's and those in tests/support/patience.hpp, times this.
set(DAVIT_TEST_PATIENCE 1)
if(DAVIT_SANITIZE)
  set(DAVIT_TEST_PATIENCE 4)
endif()
math(EXPR DAVIT_TEST_TIMEOUT "300 * ${DAVIT_TEST_PATIENCE}")

function(davit_room name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK;PUBLIC_LINK" ${ARGN})
  add_library(davit_${name} STATIC ${ARG_SOURCES})
  add_library(davit::${name} ALIAS davit_${name})
  target_include_directories(davit_${name}
    PUBLIC ${PROJECT_SOURCE_DIR}/include
    PRIVATE ${PROJECT_SOURCE_DIR}/src)
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(davit_${name} PUBLIC davit::${dep})
  endforeach()
  target_link_libraries(davit_${name} PUBLIC ${ARG_PUBLIC_LINK} PRIVATE ${ARG_LINK} davit_options)
endfunction()

function(davit_room_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;LINK;LABELS;RESOURCE_LOCK" ${ARGN})
  add_executable(davit_${name}_test ${ARG_SOURCES})
  target_include_directories(davit_${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  foreach(dep IN LISTS ARG_DEPS)
    target_link_libraries(davit_${name}_test PRIVATE davit::${dep})
  endforeach()
  target_link_libraries(davit_${name}_test PRIVATE ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main davit_options)
  target_compile_definitions(davit_${name}_test PRIVATE
    DAVIT_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata" DAVIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    DAVIT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(DAVIT_SANITIZE)
    target_compile_definitions(davit_${name}_test PRIVATE DAVIT_TEST_PATIENCE=${DAVIT_TEST_PATIENCE})
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  set(extra "")
  if(ARG_RESOURCE_LOCK)
    set(extra RESOURCE_LOCK "${ARG_RESOURCE_LOCK}")
  endif()
  gtest_discover_tests(davit_${name}_test DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${DAVIT_TEST_TIMEOUT} ${extra})
endfunction()
