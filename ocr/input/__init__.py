"""From files, folders, stdin and addresses to grey pages."""
