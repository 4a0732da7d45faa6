"""Text of Windows' commands to facts. Nothing here goes by a translated word where the text's shape tells as well."""
