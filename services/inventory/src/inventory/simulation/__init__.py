"""What a rule would have done: buyers and marketplaces are modelled, everything between them is what production runs."""
