/** The module build of wgsl_reflect has no declaration of its own; its Node build does. */
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export { WgslReflect } from "wgsl_reflect";
}
