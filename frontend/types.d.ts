// Shapes that more than one module speaks of. Read by `tsc --checkJs` alone; nothing of this file is built.

/** A file that a person dropped or picked, with its path inside what was dropped. */
interface Entry { path: string; file: File }

/** What goes as one upload: a zip untouched (`whole`), or files packed on the way; `root` is the folder it was found in. */
interface Group { name: string; whole: boolean; root?: string | null; files: Entry[] }

/** What the head of a DICOM file says: its study, its patient, and whether it is an image (not a segmentation or report). */
interface StudyHeader { study: string; patient: string; images: boolean }

type ItemState = "waiting" | "packing" | "sending" | "paused" | "sent" | "failed";

/** One upload of the list, from the drop to the answer of the server. `lost`: failed for want of a network. */
interface Item {
  group: Group;
  metadata: Record<string, string>;
  bytes: number;
  sent: number;
  state: ItemState;
  reason: string;
  lost?: boolean;
  upload: import("tus-js-client").Upload | null;
  row: ItemRow;
}

interface ItemRow {
  row: HTMLTableRowElement;
  state: HTMLTableCellElement;
  progress: HTMLProgressElement;
  detail: HTMLDivElement;
  retry: HTMLButtonElement;
  drop: HTMLButtonElement;
}

/** An exam as the API names it; `folder` where an upload became several. */
interface NamedExam { id: string; number: number; question: string; centre?: string; folder?: string | null }

/** What this browser keeps of an exam, and sends to nobody. */
interface KeptExam { exam: string; number: number | null; question: string; centre: string; folder: string; patient: string; sent: string }

/** An upload whose exams have no name yet; `patients` are pairs of a folder inside it and a patient's number. */
interface AwaitedUpload { upload: string; question: string; centre: string; folder: string; patients: [folder: string, number: string][]; sent: string }

interface GreyWindow { centre: number; width: number }
interface Point { x: number; y: number }

/** Screen pixels a voxel (x, y) and the offset of the slice's corner. */
interface Frame { x: number; y: number; left: number; top: number }

/** Slices k, rows j, columns i; millimetres in the same order. */
interface Geometry { shape: number[]; spacing: number[] }

interface Volume extends Geometry {
  window: GreyWindow | null;
  orientation: string | null;
  units: string;
  inverted: boolean;
  values: Int16Array;
}

interface Window { htmx: unknown }

/** What htmx tells of its requests, and `toast` of its message. */
interface DocumentEventMap {
  "htmx:configRequest": CustomEvent<{ verb: string; headers: Record<string, string> }>;
  "htmx:confirm": CustomEvent<{ question: string | null; elt: HTMLElement; issueRequest(confirmed: boolean): void }>;
  toast: CustomEvent<{ text?: string; value?: string; level?: string }>;
}
