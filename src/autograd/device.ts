/** Devices, for the sake of ported scripts: there is one, and it is named like torch's. */
import { expectCpu } from "./factory.ts";

/** torch.device: the name of a device, which is what every `device` option takes. Errors: those of a torch without CUDA. */
export function device(name: string): string {
  expectCpu(name);
  return name;
}

/** torch.cuda, as far as a script asks whether it is there. */
export const cuda = {
  isAvailable: (): boolean => false,
};
