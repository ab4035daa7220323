"""Days of real demand, served by the functions that production runs: what would each policy have sold?"""
