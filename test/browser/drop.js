// A checkpoint and a damaged one are dropped on examples/drop.html, as a user would.
import * as torch from "unrolled";
import { nn, saveTorch } from "unrolled";

function model() {
  torch.manualSeed(5);
  return new nn.GRU(3, 5);
}

/** What the page shows at the end of it all. */
export function expectedAfterDrop() {
  const [y] = model().forward(torch.ones(2, 3));
  return `model.pt: <All keys matched successfully>\nGRU(3, 5) gives for ones:\n${y.detach()}\npage.pt: torch, byte 0: not a file of torch.save; it looks like a web page`;
}

/** Drops the files and gives what the page showed after each. */
export async function drop(frame) {
  await new Promise((loaded) => {
    frame.onload = loaded;
    frame.src = "/examples/drop.html";
  });
  const shown = [];
  for (const file of [new File([saveTorch(model().stateDict())], "model.pt"), new File(["<html>"], "page.pt")]) {
    const output = frame.contentDocument.getElementById("output");
    output.textContent = "";
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(file);
    while (output.textContent === "") {
      // the page's own script may not have run yet: drop again
      frame.contentDocument
        .getElementById("drop")
        .dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
      await new Promise((later) => setTimeout(later, 100));
    }
    shown.push(output.textContent);
  }
  return shown.join("\n");
}
