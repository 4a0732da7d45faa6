"""A copy of the machine's network, in a private namespace of this kernel: the same packet, and the kernel's own verdict.

`blueprint` says what to build (pure), `worker` builds it inside the namespace, `copy` starts and asks the worker.
Nothing outside is touched: the namespace has no link to the outside and is gone when the worker ends.
"""
