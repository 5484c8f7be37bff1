"""Attachments as the broker has them: files of ciphertext, who may fetch them, when they go."""
