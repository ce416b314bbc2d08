// Names that are devices on Windows in whatever folder and with whatever ending. Node reaches past that, and makes files of them
// that other programs can neither read nor remove.

/** The device behind a path of Windows: "NUL", "CON"; null if it is none, and on other platforms. */
export function reservedName(path: string): string | null {
  if (process.platform !== "win32") return null;
  const name = /^(?:.*[\\/])?(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(?:[ ]*[.:].*)?[ ]*$/is.exec(path)?.[1];
  return name?.toUpperCase() ?? null;
}
