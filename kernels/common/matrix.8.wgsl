// Subgroup matrices of 8 x 8, operands of the staged type and f32 sums.

alias Left = subgroup_matrix_left<Operand, 8, 8>;
alias Right = subgroup_matrix_right<Operand, 8, 8>;
alias Sum = subgroup_matrix_result<f32, 8, 8>;
const SIDE = 8u;
