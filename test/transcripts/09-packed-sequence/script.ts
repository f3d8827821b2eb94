import * as torch from "unrolled";
import { nn, print } from "unrolled";

const { packPaddedSequence, padPackedSequence, padSequence } = nn.utils;

torch.manualSeed(5);
torch.setPrintOptions({ precision: 3, sciMode: false });

const seqs = [torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0, 5.0, 6.0]), torch.tensor([7.0, 8.0, 9.0])];
const lengths = torch.tensor(
  seqs.map((s) => s.size(0)),
  { dtype: torch.int64 },
);
print("lengths", lengths);

const padded = padSequence(seqs, { batchFirst: true });
print(padded);
print(padSequence(seqs, { paddingValue: -1 }));

const packed = packPaddedSequence(padded.unsqueeze(-1), lengths, { batchFirst: true, enforceSorted: false });
print(packed);
print("batch_sizes", packed.batchSizes.tolist(), "sum", packed.batchSizes.sum().item());

const rnn = new nn.RNN(1, 2, { batchFirst: true });
const [packedOut, hn] = rnn.forward(packed);
print(packedOut.data);
const [out, outLengths] = padPackedSequence(packedOut, { batchFirst: true });
print(out);
print(outLengths);
print("hn", hn);

// hn holds the state at the last *real* step of every sequence
const idx = lengths.sub(1).view(-1, 1, 1).expand(-1, 1, 2);
print("gather gives hn:", torch.equal(out.gather(1, idx).squeeze(1), hn.at(0)));

// without packing, the padding is read as input and hn is a different one
const [, wrong] = rnn.forward(padded.unsqueeze(-1));
print("same without packing?", torch.isclose(wrong, hn, { atol: 1e-6 }).all(2));

try {
  packPaddedSequence(padded, lengths, { batchFirst: true });
} catch (e) {
  if (!(e instanceof torch.RuntimeError)) throw e;
  print("RuntimeError:", e);
}
