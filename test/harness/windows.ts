// What code does that asks which platform it is on.

/** Runs `action` while `process.platform` says Windows. */
export async function onWindows<T>(action: () => T | Promise<T>): Promise<T> {
  const { platform } = process;
  Object.defineProperty(process, "platform", { value: "win32" });
  try {
    return await action();
  } finally {
    Object.defineProperty(process, "platform", { value: platform });
  }
}
