"""Word documents of a case, in the form of a Chinese office, from templates the county can replace.

package.py   a .docx as a zip, read with limits and written the same every time
sandbox.py   what a template may do, and what a text may contain
template.py  one template, compiled; fields in, bytes out
shelf.py     the shipped templates and the county's own
titles.py    what each kind is called
fields/      from a case to the fields of each kind
desk.py      use cases: issue, list, read
drawing/     how the shipped templates are drawn (for developers)
"""
