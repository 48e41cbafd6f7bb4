"""Individual annotations: what one record's answers, slots and gold come to.

``case`` holds what is known of one record, ``answering`` decides what an answer does to it, ``resolution`` what
everybody who may see more than their own then sees.
"""
