/**
 * The script this project began with: a single-layer RNN written by hand from its formula, beside the layer, and the two
 * are equal. Standard output is, byte for byte, what the Python original prints with torch 2.13.0.
 */
import * as torch from "unrolled";
import { f, nn, print } from "unrolled";

torch.setPrintOptions({ precision: 3, sciMode: false });
torch.manualSeed(23435);

const inputSize = 4;
const hiddenSize = 3;
const numLayers = 1;
const batchFirst = true;
const singleRnn = new nn.RNN(inputSize, hiddenSize, { numLayers, batchFirst });
print(singleRnn);
for (const name of singleRnn.namedParameters()) {
  print(name);
}

const singleRnnWeightIhL0 = singleRnn.weight_ih_l0;
const singleRnnWeightHhL0 = singleRnn.weight_hh_l0;
const singleRnnBiasIhL0 = singleRnn.bias_ih_l0;
const singleRnnBiasHhL0 = singleRnn.bias_hh_l0;

// input --> batch, time, features
const inBatchSize = 1;
const inSeqLen = 2;
const inFeatureMap = inputSize;
const inputMatrix = torch.randn(inBatchSize, inSeqLen, inFeatureMap);
const [outputMatrix, outputHn] = singleRnn.forward(inputMatrix);
print(f`output_matrix=\n${outputMatrix}`);
print(f`output_hn=\n${outputHn}`);
const testOutput0 = inputMatrix.matmul(singleRnnWeightIhL0.T).add(singleRnnBiasIhL0);
const ht1 = torch.zerosLike(testOutput0);
print(f`ht_1=\n${ht1}`);
print(f`ht_1.shape=\n${ht1.shape}`);
let testOutput1 = ht1.matmul(singleRnnWeightHhL0.T).add(singleRnnBiasHhL0);
let testOutput = torch.tanh(testOutput1.add(testOutput0));
ht1.set(":, 1, :", testOutput.at(":, 0, :"));
testOutput1 = ht1.matmul(singleRnnWeightHhL0.T).add(singleRnnBiasHhL0);
testOutput = torch.tanh(testOutput1.add(testOutput0));
print(f`test_output=\n${testOutput}`);
print(f`test_output.shape=\n${testOutput.shape}`);

const apart = torch.maxUlps(outputMatrix, testOutput);
console.error(`The recurrence written by hand and the layer agree: largest difference ${apart} ulp.`);
console.error("Where to go on: README.md has twenty lines of use beside the same lines in PyTorch.");
