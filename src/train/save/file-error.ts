/** What a file system error means, in words. */
export function reason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const words: Record<string, string> = {
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    EROFS: "the disk is read-only",
    EACCES: "no permission",
    EPERM: "no permission",
    ENOENT: "there is no such file",
    ENOTDIR: "a part of its path is not a folder",
    EISDIR: "it is a folder",
    EEXIST: "a file of this name is in the way",
  };
  return (code && words[code]) || message || String(error);
}
