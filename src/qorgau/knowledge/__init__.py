"""What Qorgau knows: rows of library models, regions, regulations and rule pages as frozen values."""
