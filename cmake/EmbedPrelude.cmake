# netc_embed_prelude(OUT): a C file with the text of every compiler/prelude/*.net, as
#   const struct PreludeFile { const char *name; const unsigned char *text; size_t length; } prelude_files[]; prelude_file_count
function(netc_embed_prelude out)
    file(GLOB prelude CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/compiler/prelude/*.net")
    add_custom_command(OUTPUT "${out}"
        COMMAND "${CMAKE_COMMAND}" "-DOUT=${out}" "-DFILES=${prelude}" -P "${CMAKE_CURRENT_SOURCE_DIR}/cmake/embed.cmake"
        DEPENDS ${prelude} "${CMAKE_CURRENT_SOURCE_DIR}/cmake/embed.cmake" VERBATIM)
endfunction()
