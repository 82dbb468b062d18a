"""What ``make run`` starts: the real daemon, counterparts in processes of their own, stories on a business clock.

Owns: the stories, the playing and the showing. Must not: reach into the daemon; everything it does goes
through HTTP, the installed commands, and the private socket that moves the business clock.
"""
