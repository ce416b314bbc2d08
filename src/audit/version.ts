// The version of pcapcheck; the build puts the one of package.json here.
declare const PCAPCHECK_VERSION: string | undefined;

export const VERSION: string = typeof PCAPCHECK_VERSION === "string" ? PCAPCHECK_VERSION : "0.0.0-source";
