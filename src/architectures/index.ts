/** Ready architectures: networks of the literature, made of the layers that everybody has, so that saved ones load anywhere. */

export { type AutoencoderOptions, autoencoder, type VaeOptions, vae } from "./autoencoder.ts";
export type { ClassifierOptions } from "./classifier.ts";
export { lenet5 } from "./lenet.ts";
export { type MlpMixerOptions, mlpMixer } from "./mlp-mixer.ts";
export { type MobilenetV2Options, mobilenetV2 } from "./mobilenet.ts";
export { type ResnetOptions, resnet18, resnet34, resnet50 } from "./resnet.ts";
export { type ResnetCifarOptions, resnetCifar } from "./resnet-cifar.ts";
export { type UnetOptions, unet } from "./unet.ts";
export { type VggOptions, vgg11, vgg13, vgg16, vgg19 } from "./vgg.ts";
