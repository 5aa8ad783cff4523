// Subgroup matrices of 16 x 16, operands of the staged type and f32 sums.

alias Left = subgroup_matrix_left<Operand, 16, 16>;
alias Right = subgroup_matrix_right<Operand, 16, 16>;
alias Sum = subgroup_matrix_result<f32, 16, 16>;
const SIDE = 16u;
