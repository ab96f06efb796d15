"""Run the daily service on areas: location, addresses, duties; tables in, tables out."""
