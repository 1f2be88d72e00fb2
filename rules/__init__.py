"""What Qorgau knows, as data: regulations, rule pages, library models and regions."""
