"""What the command's exit status means."""

from charembed_tui.ending import INTERRUPTED as INTERRUPTED

DONE, UNUSABLE, FAILED, UNSAVED = 0, 2, 3, 4
TOLD = """\
exit status:
  0    done
  2    the command, its text or its run cannot be used
  3    training failed; the last good state is kept, if there was one
  4    trained, but the end could not be saved
  130  interrupted, after a checkpoint
"""
