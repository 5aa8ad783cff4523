/** WGSL files are bundled as their text. */
declare module "*.wgsl" {
  const source: string;
  export default source;
}

/** WebAssembly files are bundled as their bytes. */
declare module "*.wasm" {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}

/** Scripts of workers, which the build makes, are bundled as their text. */
declare module "*.txt" {
  const source: string;
  export default source;
}
