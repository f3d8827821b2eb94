/** Whether operations are recorded. A plain switch, turned for the length of a function call. */

let enabled = true;

/** torch.is_grad_enabled. */
export function isGradEnabled(): boolean {
  return enabled;
}

/** Runs `body` with recording on or off (torch.set_grad_enabled as a context) and turns it back, also after an error. */
export function withGrad<T>(on: boolean, body: () => T): T {
  const before = enabled;
  enabled = on;
  try {
    return body();
  } finally {
    enabled = before;
  }
}

/** torch.no_grad: runs `body` without recording. */
export function noGrad<T>(body: () => T): T {
  return withGrad(false, body);
}

/** torch.enable_grad: runs `body` with recording, inside a `noGrad`. */
export function enableGrad<T>(body: () => T): T {
  return withGrad(true, body);
}

/** torch.set_grad_enabled, until further notice. */
export function setGradEnabled(on: boolean): void {
  enabled = on;
}
