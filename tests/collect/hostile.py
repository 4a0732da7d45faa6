"""A name as a hostile program would choose it: markup, a shell's words, and a control sequence that clears the screen."""

NAME = "[red]$(x)\x1b[2J"
