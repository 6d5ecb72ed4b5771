"""Pages of teams and jurors: submit, results, a submission, the jury's queue and its cases."""
