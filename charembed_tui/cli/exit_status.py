"""What the command's exit status means."""

DONE, UNUSABLE, FAILED, UNSAVED, INTERRUPTED = 0, 2, 3, 4, 130
TOLD = """\
exit status:
  0    done
  2    the command, its text or its run cannot be used
  3    training failed; the last good state is kept
  4    trained, but the end could not be saved
  130  interrupted, after a checkpoint
"""
