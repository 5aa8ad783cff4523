// Features of shaders with subgroup matrices: directives alone, so they come first.
enable subgroups;
enable chromium_experimental_subgroup_matrix;
