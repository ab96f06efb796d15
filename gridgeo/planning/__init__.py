"""Let plans live: drafts that several planners edit, what-if, and publishing that judges first."""
