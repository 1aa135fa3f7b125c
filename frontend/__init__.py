"""What people see: templates, template tags, style sheets and scripts. It imports nothing else of ours."""
