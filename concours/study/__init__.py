"""What a hospital sends, as exams: what each file is, which exam it belongs to, and which series is the exam."""
