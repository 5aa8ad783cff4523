import { philox } from "../common/philox";
import { type Dims, linearGrid, type Variant } from "../kernel";

/** `plain` for any P, `plain4` for blocks of whole vec4s; both own one Philox block an invocation. */
export function variantsOf(name: string, scalar: string, vector: string): { plain: Variant; plain4: Variant } {
  const grid = ({ G, P }: Dims) => linearGrid(Math.ceil(P / 4), 64, G);
  const common = { chunks: [philox], workgroup: [64, 1, 1], grid, suits: "any" } as const;
  return {
    plain: { ...common, file: `sgld/${name}.wgsl`, source: scalar },
    plain4: { ...common, file: `sgld/${name}.plain4.wgsl`, source: vector, accepts: ({ P }) => P % 4 === 0 },
  };
}
