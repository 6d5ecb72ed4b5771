"""Generated exams of true geometry, with invented identities planted where real files carry theirs."""
