/**
 * All networks that can be built, a line a family.
 *
 * @module
 */

import { backboneSsds } from "./backbone_ssd.ts";
import { cspDetectors } from "./csp_detectors.ts";
import { cspnets } from "./cspnet.ts";
import { densenets } from "./densenet.ts";
import { mobilenetSsds } from "./mobilenet_ssd.ts";
import { mobilenetsV1 } from "./mobilenet_v1.ts";
import { mobilenetsV2 } from "./mobilenet_v2.ts";
import type { NetworkTable } from "./network.ts";
import { pelees } from "./pelee.ts";
import { peleenets } from "./peleenet.ts";
import { resnets } from "./resnet.ts";
import { shufflenets } from "./shufflenet.ts";
import { vggSsds } from "./vgg_ssd.ts";
import { vovnets } from "./vovnet.ts";

/** Networks by name. */
export const networks: NetworkTable = {
  ...peleenets,
  ...densenets,
  ...cspnets,
  ...vovnets,
  ...mobilenetsV1,
  ...mobilenetsV2,
  ...shufflenets,
  ...resnets,
  ...pelees,
  ...mobilenetSsds,
  ...vggSsds,
  ...cspDetectors,
  ...backboneSsds,
};
