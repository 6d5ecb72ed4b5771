// Which exam of an upload is which folder and patient. Plain functions, without a browser.

/**
 * The rows to keep for the exams that the site made of an upload: `upload` is what was dropped ({question, centre, folder, patients,
 * sent}), `exams` what the API says ({id, number, folder}). `patients` are pairs of a folder inside the upload and a patient's number.
 * Where an upload became several exams, each has its own folder, and only the number of the images below that folder.
 * @param {AwaitedUpload} upload
 * @param {NamedExam[]} exams
 * @returns {KeptExam[]}
 */
export function matchExams(upload, exams) {
  return exams.map((exam) => ({
    exam: exam.id,
    number: exam.number,
    question: upload.question,
    centre: exam.centre ?? upload.centre,
    folder: exams.length === 1 ? upload.folder : [upload.folder, exam.folder].filter(Boolean).join("/"),
    patient: patientOf(upload.patients, exams.length === 1 ? "" : exam.folder, exams.length === 1),
    sent: upload.sent,
  }));
}

/**
 * The one number of the images in this folder or below it; nothing where there are two, or where the folder is unknown.
 * @param {[folder: string, number: string][]} patients
 * @param {string | null | undefined} folder
 * @param {boolean} whole
 */
function patientOf(patients, folder, whole) {
  if (!whole && !folder) return "";
  const numbers = new Set(patients.filter(([where]) => whole || where === folder || where.startsWith(`${folder}/`)).map(([, number]) => number));
  return numbers.size === 1 ? [...numbers][0] : "";
}

/**
 * What a kept row says beside "Exam 4".
 * @param {Pick<KeptExam, "folder" | "patient">} row
 */
export function ownName(row) {
  return [row.folder, row.patient].filter(Boolean).join(" · ");
}
