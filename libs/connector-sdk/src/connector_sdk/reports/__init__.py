"""Reports of all listings: a marketplace's word on which there are, for accounts too big to ask about each."""
