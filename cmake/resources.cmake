# schemas/, mappings/ and the style and script of the report are data, but the program must run from one file: they are embedded as a
# table of (path, text).
set(PYOJUN_RESOURCES ${CMAKE_BINARY_DIR}/resources.cpp)
file(GLOB_RECURSE resource_files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/schemas/* ${CMAKE_SOURCE_DIR}/mappings/*
  ${CMAKE_SOURCE_DIR}/lib/report/page.css ${CMAKE_SOURCE_DIR}/lib/report/page.js)
list(SORT resource_files)
set(resource_depends)
foreach(resource IN LISTS resource_files)
  list(APPEND resource_depends ${CMAKE_SOURCE_DIR}/${resource})
endforeach()
string(REPLACE ";" "\n" resource_list "${resource_files}")
file(WRITE ${CMAKE_BINARY_DIR}/resources.list "${resource_list}\n")
add_custom_command(OUTPUT ${PYOJUN_RESOURCES}
  COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DLIST=${CMAKE_BINARY_DIR}/resources.list -DOUT=${PYOJUN_RESOURCES} -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${resource_depends} ${CMAKE_BINARY_DIR}/resources.list ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  COMMENT "Embedding schemas, mappings and the report's style and script")
add_library(pyojun_resources STATIC ${PYOJUN_RESOURCES})
target_include_directories(pyojun_resources PUBLIC ${CMAKE_SOURCE_DIR}/lib)
