// The peers are installed on first use only; without them their modules are taken as they come.
declare module "@jax-js/jax";
declare module "@tensorflow/tfjs-backend-cpu";
declare module "@tensorflow/tfjs-backend-wasm";
declare module "@tensorflow/tfjs-core";
declare module "@tensorflow/tfjs-layers";
declare module "brain.js";
declare module "onnxruntime-node";
