# Standard, warnings and sanitizers for every target of the project, as one interface target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_library(davit_options INTERFACE)
# -Wno-missing-field-initializers: designated initialisers leave the other members at their defaults, on purpose.
target_compile_options(davit_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wno-missing-field-initializers
    -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough
    -Werror=switch -Werror=unused-result -Werror=return-type -Werror=non-virtual-dtor>
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wduplicated-cond -Wlogical-op -Werror=suggest-override>)
# GCC 12 takes Asio's coroutine frames for mismatched allocations when it optimises; they are not.
set_property(TARGET davit_options APPEND PROPERTY INTERFACE_COMPILE_OPTIONS
  $<$<AND:$<BOOL:${DAVIT_WERROR}>,$<COMPILE_LANG_AND_ID:CXX,GNU>>:-Wno-error=mismatched-new-delete>)

option(DAVIT_WERROR "Treat every warning as an error (CI)" OFF)
if(DAVIT_WERROR)
  target_compile_options(davit_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()

set(DAVIT_SANITIZE "" CACHE STRING "address,undefined or thread")
if(DAVIT_SANITIZE)
  add_compile_options(-fsanitize=${DAVIT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DAVIT_SANITIZE})
  # GCC says at every use of Asio that ThreadSanitizer does not follow its fences: hundreds of lines, with nothing to do
  # about them. A false alarm from that would be named in cmake/sanitizers/tsan.supp.
  if(DAVIT_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-tsan>)
  endif()
endif()

# GCC (12 at least) takes the operators new and delete of a coroutine's promise for mismatched when it inlines only one of
# them: GCC bug 109224. With Asio's, which end in aligned_alloc and free, that happens in a few large files. They are named
# one by one: everywhere else the warning means something, and the flags of all other files stay as they are.
function(davit_quiet_coroutine_frames)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "$<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>")
endfunction()
