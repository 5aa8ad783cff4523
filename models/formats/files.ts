/** Names of a model directory's files, as transformers writes them. */
export const CONFIG = "config.json";
export const SINGLE = "model.safetensors";
export const INDEX = "model.safetensors.index.json";
