/** The paths of one work folder; all are absolute. */
export interface WorkFolderPlaces {
  readonly folder: string;
  readonly jobsFolder: string;
  readonly tempFolder: string;
  readonly ledgerFolder: string;
  readonly locksFolder: string;
  /** Random, made with the work folder, and in its marker file. */
  readonly id: string;
}

/** Name of a work folder's own temp folder inside a folder that it may share with others, on another disk. */
export function outerTempName(id: string): string {
  return `media-jobs-${id}`;
}
